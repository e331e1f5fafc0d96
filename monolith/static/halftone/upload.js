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
  showError(page.body.textContent.trim() || `The upload failed (${xhr.status}). Please try again.`);
});

document.addEventListener("htmx:sendError", ({ detail }) => {
  if (detail.requestConfig.elt.id === "upload-form") showError("The connection broke. Please try again.");
});

function showError(text) {
  const list = document.createElement("ul");
  list.className = "errorlist";
  for (const line of text.split("\n").map((each) => each.trim()).filter(Boolean)) {
    const item = document.createElement("li");
    item.textContent = line;
    list.append(item);
  }
  part("errors").replaceChildren(list);
  part("sent").hidden = true;
  part("note").textContent = "";
}
