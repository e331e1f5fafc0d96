"""Variants in the back office: prices and stock, which stay in the shop."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from monolith.catalog.door import Wanted, find, products_by_id
from monolith.catalog.models import Variant


class CategoryFilter(admin.SimpleListFilter):
    """Variants of one category's products, which the catalogue knows."""

    title = "category"
    parameter_name = "category"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        """Return the categories."""
        return [(each.slug, each.name) for each in find(Wanted(ids=(), with_categories=True)).categories]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Variant]) -> QuerySet[Variant]:  # noqa: ARG002 - Django's signature
        """Keep those of the chosen category."""
        if not self.value():
            return queryset
        products = find(Wanted(category=self.value(), is_active=None)).products
        return queryset.filter(product_id__in=[each.id for each in products])


class VariantList(ChangeList):
    """A page of variants that know their products."""

    def get_results(self, request: HttpRequest) -> None:
        """Ask the catalogue once."""
        super().get_results(request)
        products = products_by_id(variant.product_id for variant in self.result_list)
        for variant in self.result_list:
            variant.catalogue_product = products.get(variant.product_id)


@admin.register(Variant)
class VariantAdmin(admin.ModelAdmin):
    """Prices and stock."""

    list_display = ["sku", "of_product", "name", "price", "stock"]
    list_editable = ["price", "stock"]
    list_filter = [CategoryFilter, "product"]
    search_fields = ["sku", "name"]

    @admin.display(description="product")
    def of_product(self, variant: Variant) -> str:
        """Return the product's name, as the catalogue says it."""
        return str(getattr(variant, "catalogue_product", None) or f"product {variant.product_id}")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Any]:  # noqa: ARG002 - Django's signature
        """Return a list that asks the catalogue once for all products of its page."""
        return VariantList

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Variant], search_term: str
    ) -> tuple[QuerySet[Variant], bool]:
        """Find variants by the names of their products too."""
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        if not search_term:
            return found, may_repeat
        words = search_term.casefold().split()
        products = find(Wanted(is_active=None)).products
        named = [each.id for each in products if all(word in each.name.casefold() for word in words)]
        return queryset.filter(Q(pk__in=found.values("pk")) | Q(product_id__in=named)), may_repeat
