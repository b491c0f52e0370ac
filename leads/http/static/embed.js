/* Puts the clinic's inquiry form where this script tag stands. The form lives in a frame of its own:
   this page cannot read it, and all it ever tells this page is how tall it is. */
(function () {
  "use strict";
  var tag = document.currentScript;
  var origin = new URL(tag.src).origin;
  var language = tag.getAttribute("data-language") || document.documentElement.lang || "";
  var frame = document.createElement("iframe");
  frame.src = origin + "/embed/inquire" + (language ? "?language=" + encodeURIComponent(language.slice(0, 2)) : "");
  frame.title = tag.getAttribute("data-title") || (language.slice(0, 2) === "es" ? "Formulario de consulta" : "Inquiry form");
  frame.referrerPolicy = "no-referrer";
  frame.style.cssText = "display:block;width:100%;min-height:480px;border:0;color-scheme:normal";
  window.addEventListener("message", function (event) {
    if (event.origin !== origin || event.source !== frame.contentWindow) return;
    var height = event.data && event.data.handoffHeight;
    if (typeof height === "number" && height > 0 && height < 20000) frame.style.height = Math.ceil(height) + "px";
  });
  var loads = 0;
  frame.addEventListener("load", function () {
    if (loads++) frame.scrollIntoView();
  });
  function place() {
    if (document.head.contains(tag)) document.body.appendChild(frame);
    else tag.parentNode.insertBefore(frame, tag.nextSibling);
  }
  if (document.head.contains(tag) && !document.body) document.addEventListener("DOMContentLoaded", place);
  else place();
})();
