/* No site may show the form yet (embed_origins in config/clinic.yml is empty): leave a plain link to it instead. */
(function () {
  "use strict";
  var tag = document.currentScript;
  var link = document.createElement("a");
  var spanish = (document.documentElement.lang || "").slice(0, 2) === "es";
  link.href = new URL(tag.src).origin + "/inquire" + (spanish ? "?language=es" : "");
  link.textContent = spanish ? "Escríbanos" : "Write to us";
  tag.parentNode.insertBefore(link, tag.nextSibling);
  console.warn("This site is not among the clinic's embed_origins, so a link stands here instead of the form.");
})();
