// Show how far a run is without reloading; when it is finished, the page comes anew with what came of it.
"use strict";
(() => {
  const box = document.getElementById("progress");
  const bar = box.querySelector("progress");
  const look = async () => {
    try {
      const answer = await fetch(box.dataset.status, { headers: { Accept: "application/json" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const run = await answer.json();
      if (run.is_finished) { location.reload(); return; }
      document.getElementById("state").textContent = run.is_cancelled ? "cancelling" : run.state;
      document.getElementById("rows").textContent = run.rows.toLocaleString("en-GB");
      const expected = run.expected ? ` of ${run.expected.toLocaleString("en-GB")}` : "";
      document.getElementById("expected").textContent = expected;
      document.getElementById("reason").textContent = run.reason;
      if (run.percent === null) bar.removeAttribute("value"); else bar.value = run.percent;
      setTimeout(look, 700);
    } catch {
      setTimeout(look, 3000);
    }
  };
  setTimeout(look, 500);
})();
