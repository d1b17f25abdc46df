// The link's token stands behind the #, which no browser sends. Here it goes into the form, and out of the address and the history.
// Nothing is sent by itself: a scanner that runs this script has consumed nothing.
"use strict";
(() => {
  const key = document.getElementById("key");
  const token = window.location.hash.slice(1);
  if (!key || !token) return;
  window.history.replaceState(null, "", window.location.pathname);
  key.value = token;
  document.getElementById("key-field").hidden = true;
  const filled = document.getElementById("filled");
  filled.hidden = false;
  document.querySelector(".summary")?.remove();
  for (const link of document.querySelectorAll(".languages a")) link.href += "#" + token;
})();
