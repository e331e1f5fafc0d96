"""Forms of the cart and the checkout."""

from django import forms
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from monolith.catalog.door import Product
from monolith.catalog.models import Variant
from monolith.orders.cart import MAX_QUANTITY
from monolith.orders.models import Order
from monolith.photos.models import Photo

RECENT_PHOTOS = 12


class VariantField(forms.ModelChoiceField):
    """Choice of a variant, with its price."""

    def label_from_instance(self, variant: Variant) -> str:
        """Return name, price and whether it is sold out."""
        stock = "" if variant.stock else " (sold out)"
        return f"{variant.name}, £{variant.price}{stock}"


class AddToCartForm(forms.Form):
    """Puts a variant of *product* into the cart, of one of the photos of *user* where it is made from a photo."""

    variant = VariantField(queryset=Variant.objects.none(), empty_label=None, label="Choose")
    photo = forms.ModelChoiceField(
        queryset=Photo.objects.none(),
        to_field_name="uuid",
        label="Photo",
        error_messages={
            "required": "Choose the photo to print.",
            "invalid_choice": "This is not one of your photos.",
        },
    )
    quantity = forms.IntegerField(min_value=1, max_value=MAX_QUANTITY, initial=1)

    def __init__(self, *args, product: Product, user: AbstractBaseUser | AnonymousUser, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["variant"].queryset = Variant.objects.filter(product_id=product.id)
        if not product.takes_photo:
            del self.fields["photo"]
        elif user.is_authenticated:
            self.fields["photo"].queryset = Photo.objects.filter(owner=user)

    def recent_photos(self) -> list[Photo]:
        """Return the photos to choose from: the newest, with the chosen one among them."""
        if "photo" not in self.fields:
            return []
        photos = self.fields["photo"].queryset
        recent = list(photos[:RECENT_PHOTOS])
        chosen = self.chosen_photo()
        if chosen and chosen not in {str(photo.uuid) for photo in recent}:
            recent = [*_by_uuid(photos, chosen), *recent]
        return recent

    def chosen_photo(self) -> str:
        """Return the uuid of the photo that is chosen, as text; empty without one."""
        return str(self["photo"].value() or "") if "photo" in self.fields else ""


def _by_uuid(photos, text: str) -> list[Photo]:
    try:
        return list(photos.filter(uuid=text))
    except forms.ValidationError:  # no uuid at all
        return []


class CheckoutForm(forms.ModelForm):
    """Where the order goes."""

    class Meta:
        model = Order
        fields = ["name", "street", "postcode", "city", "country"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        autocomplete = {
            "name": "name",
            "street": "street-address",
            "postcode": "postal-code",
            "city": "address-level2",
            "country": "country-name",
        }
        for name, value in autocomplete.items():
            self.fields[name].required = True
            self.fields[name].widget.attrs["autocomplete"] = value
