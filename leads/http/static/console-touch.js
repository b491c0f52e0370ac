// A finger or a pen carries a card of the board as a mouse does: held for a moment, it tells the same drag events. A swipe still scrolls.
(() => {
  "use strict";
  const board = document.querySelector("[data-board]");
  if (!board) return;
  const HOLD = 300, STRAY = 10, EDGE = 56, STEP = 14;
  let held = null, at = null, timer = 0, along = null, data = null;

  const under = () => document.elementFromPoint(at.x, at.y) || board;
  const tell = (kind, whom) => whom.dispatchEvent(
    new DragEvent(kind, { bubbles: true, cancelable: true, clientX: at.x, clientY: at.y, dataTransfer: data }));

  function lift() {
    const { width, height } = held.tile.getBoundingClientRect();
    data = new DataTransfer();
    along = held.tile.cloneNode(true);
    along.removeAttribute("id");
    along.inert = true;
    along.classList.add("along");
    along.style.width = `${width}px`;
    along.style.marginLeft = `${-width / 2}px`;
    along.style.marginTop = `${-height / 2}px`;
    document.body.append(along);
    tell("dragstart", held.tile);
    follow();
  }

  // At an edge, what lies beyond comes nearer for as long as the finger stays there.
  function follow() {
    if (!along) return;
    along.style.transform = `translate(${at.x}px, ${at.y}px)`;
    const { left, right } = board.getBoundingClientRect();
    if (at.x > Math.min(right, innerWidth) - EDGE) board.scrollLeft += STEP;
    else if (at.x < Math.max(left, 0) + EDGE) board.scrollLeft -= STEP;
    if (at.y > innerHeight - EDGE) scrollBy(0, STEP);
    else if (at.y < EDGE) scrollBy(0, -STEP);
    tell("dragover", under());
    requestAnimationFrame(follow);
  }

  function letGo({ drops }) {
    clearTimeout(timer);
    if (along) {
      along.remove();
      along = null;
      // Given up, it ends nowhere on the screen: nobody is told why the card may not lie where the finger was.
      if (!drops) at = { x: -1, y: -1 };
      else if (!tell("dragover", under())) tell("drop", under());
      tell("dragend", held.tile);
    }
    held = null;
  }

  board.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse") return;
    if (held) { letGo({ drops: false }); return; }
    const tile = event.target.closest(".tile[draggable]");
    if (!tile || event.target.closest("a.move")) return;
    at = { x: event.clientX, y: event.clientY };
    held = { tile, pointer: event.pointerId, from: at };
    timer = setTimeout(lift, HOLD);
  });
  board.addEventListener("pointermove", (event) => {
    if (event.pointerId !== held?.pointer) return;
    at = { x: event.clientX, y: event.clientY };
    if (!along && Math.hypot(at.x - held.from.x, at.y - held.from.y) > STRAY) letGo({ drops: false });
  });
  board.addEventListener("pointerup", (event) => { if (event.pointerId === held?.pointer) letGo({ drops: true }); });
  board.addEventListener("pointercancel", (event) => { if (event.pointerId === held?.pointer) letGo({ drops: false }); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape" && along) letGo({ drops: false }); });

  // While a card is carried the page neither scrolls nor follows the link that was held, nor opens a menu, nor drags by itself.
  for (const kind of ["touchmove", "touchend"]) {
    board.addEventListener(kind, (event) => { if (along) event.preventDefault(); }, { passive: false });
  }
  board.addEventListener("contextmenu", (event) => { if (held) event.preventDefault(); });
  board.addEventListener("dragstart", (event) => {
    if (!held || !event.isTrusted) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
})();
