// Moves the progress bar of an import, and shows the page anew when its work is done. Without it, "Look again" does the same.
"use strict";
(() => {
  const busy = document.querySelector("[data-progress]");
  if (!busy) return;
  const bar = busy.querySelector("progress"), told = busy.querySelector("[data-done]");
  const look = async () => {
    try {
      const answer = await fetch(busy.dataset.progress, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) return location.reload();
      const now = await answer.json();
      if (now.state !== busy.dataset.state) return location.reload();
      bar.value = now.done;
      told.textContent = now.done.toLocaleString("en-US");
    } catch {
      // The server rests for a moment; the next look will tell.
    }
    setTimeout(look, document.hidden ? 5000 : 700);
  };
  setTimeout(look, 700);
})();
