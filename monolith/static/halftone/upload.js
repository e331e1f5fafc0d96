// Shows what was chosen and how much of it is sent. The form works without this file.
// Sending itself is htmx's; the legacy site answers with a redirect, the image service with HX-Redirect.

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
const part = (name) => document.getElementById(`upload-${name}`);

document.addEventListener("change", ({ target }) => {
  if (!target.matches("#upload-form input[type=file]")) return;
  part("errors").replaceChildren();
  part("chosen").replaceChildren(
    ...[...target.files].map((file) => {
      const row = document.createElement("li");
      row.textContent = `${file.name}, ${megabytes(file.size)}`;
      return row;
    }),
  );
});

document.addEventListener("htmx:xhr:progress", ({ target, detail }) => {
  if (target.id !== "upload-form" || !detail.lengthComputable) return;
  const bar = part("sent");
  bar.hidden = false;
  bar.max = detail.total;
  bar.value = detail.loaded;
  const isSent = detail.loaded >= detail.total;
  part("note").textContent = isSent
    ? "Sent. We are working on your photos…"
    : `${megabytes(detail.loaded)} of ${megabytes(detail.total)} sent`;
});

// An answer that is not a page of this shop, such as a message of the service, goes into the form.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, requestConfig } = event.detail;
  if (requestConfig.elt.id !== "upload-form" || xhr.status < 400) return;
  const page = new DOMParser().parseFromString(xhr.responseText, "text/html");
  if (page.querySelector(".site-header")) return;
  event.preventDefault();
  const message = page.querySelector("[role=alert]");
  const text = page.body.textContent.trim();
  showErrors(message ?? inBox(text || `The upload failed (${xhr.status}). Please try again.`));
});

document.addEventListener("htmx:sendError", ({ detail }) => {
  if (detail.requestConfig.elt.id === "upload-form") showErrors(inBox("The connection broke. Please try again."));
});

function inBox(text) {
  const box = document.createElement("p");
  box.className = "upload-error";
  box.textContent = text;
  return box;
}

function showErrors(element) {
  part("errors").replaceChildren(element);
  part("sent").hidden = true;
  part("note").textContent = "";
}
