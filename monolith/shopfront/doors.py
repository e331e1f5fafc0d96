"""What the catalog service asks of the shop: who owns the tables, and that others hear of its edits.

Called by the service, never by a browser: the signature of its principal is the only key, so there is no CSRF check.
"""

import json
from http import HTTPStatus

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_GET, require_POST

from monolith.catalog import ownership
from monolith.catalog.models import Variant
from monolith.reports import feed
from monolith.reports.doors import for_services


@for_services
@require_GET
def owner(_request: HttpRequest) -> JsonResponse:
    """Say who owns the catalogue, as the database says it now."""
    return JsonResponse({"owner": ownership.owner_now()})


@for_services
@require_POST
def changed(request: HttpRequest) -> JsonResponse:
    """Tell the reporting service of the variants of `products`, whose names it shows: 200, or 400 no list of keys."""
    try:
        products = json.loads(request.body)["products"]
    except (ValueError, TypeError, KeyError):
        products = None
    if not isinstance(products, list) or not all(type(each) is int for each in products):
        return JsonResponse({"error": 'Send {"products": [1, 2]}.'}, status=HTTPStatus.BAD_REQUEST)
    variants = Variant.objects.filter(product_id__in=products).values_list("pk", flat=True)
    feed.announce("product", variants)
    return JsonResponse({})
