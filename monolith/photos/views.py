"""Pages of the customer's photos."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from monolith.catalog.door import Wanted, find
from monolith.photos.forms import UploadForm
from monolith.photos.models import Photo
from monolith.photos.upload import Received, UploadRefusedError, receive

PAGE_SIZE = 24


@require_safe
@login_required
def gallery(request: HttpRequest) -> HttpResponse:
    """Show the customer's photos, newest first; with `?upload=<uuid>` also how that upload is doing."""
    page = Paginator(Photo.objects.filter(owner=request.user), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"page": page, "upload_id": _upload_id(request.GET.get("upload", ""))}
    return render(request, "photos/gallery.html", context)


@login_required
def upload(request: HttpRequest) -> HttpResponse:
    """Show the upload form; receive photos, all work done when the answer comes, and go to the gallery."""
    if request.method != "POST":
        return render(request, "photos/upload.html", {"form": UploadForm()})
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            received = receive(form.cleaned_data["photos"], owner=request.user)
        except UploadRefusedError as error:
            for name, reason in error.reasons:
                form.add_error("photos", f"{name}: {reason}")
        else:
            messages.success(request, _summary(received))
            return redirect("photos:gallery")
    return render(request, "photos/upload.html", {"form": form}, status=400)


@require_safe
def guide(request: HttpRequest) -> HttpResponse:
    """Say which photos can be printed: a piece of the upload page, loaded by htmx."""
    context = {
        "max_file_bytes": settings.PHOTO_MAX_BYTES,
        "max_body_bytes": settings.MAX_BODY_BYTES,
        "max_pixels": settings.PHOTO_MAX_PIXELS,
        "max_files": settings.DATA_UPLOAD_MAX_NUMBER_FILES,
    }
    return render(request, "photos/guide.html", context)


@require_safe
@login_required
def detail(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Show one photo, with what can be made of it."""
    photo = get_object_or_404(Photo, uuid=key, owner=request.user)
    products = find(Wanted(takes_photo=True)).products
    return render(request, "photos/detail.html", {"photo": photo, "products": products})


@require_POST
@login_required
def delete(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Delete one photo with its files and go to the gallery."""
    photo = get_object_or_404(Photo, uuid=key, owner=request.user)
    photo.delete()
    messages.success(request, f"“{photo}” is deleted.")
    return redirect("photos:gallery")


def _upload_id(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _summary(received: Received) -> str:
    made, known = len(received.created), len(received.known)
    parts = []
    if made:
        parts.append(f"{made} photo{'s are' if made > 1 else ' is'} ready to print.")
    if known:
        parts.append(f"{known} {'were' if known > 1 else 'was'} in your gallery already.")
    return " ".join(parts)
