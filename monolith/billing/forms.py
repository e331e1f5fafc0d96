"""The payment form of the demonstration."""

import re

from django import forms

DEMO_CARD = "4242 4242 4242 4242"


class DemoCardForm(forms.Form):
    """Takes one card only, which is no real one, so that nobody types theirs."""

    card_number = forms.CharField(
        initial=DEMO_CARD,
        max_length=23,
        help_text=f"This is a demonstration: only {DEMO_CARD} is accepted and no money moves.",
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def clean_card_number(self) -> str:
        """Return the digits; refuse every card but the demonstration's."""
        digits = re.sub(r"\D", "", self.cleaned_data["card_number"])
        if digits != DEMO_CARD.replace(" ", ""):
            raise forms.ValidationError(
                f"Use the demonstration card {DEMO_CARD}; never type a real one here."
            )
        return digits
