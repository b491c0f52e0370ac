/* Inside the frame: tells the page around it how tall the form is, and nothing else. */
(function () {
  "use strict";
  if (window.parent === window) return;
  function tell() {
    window.parent.postMessage({ handoffHeight: document.body.offsetHeight }, "*");
  }
  new ResizeObserver(tell).observe(document.body);
  window.addEventListener("load", tell);
})();
