// Keyboard shortcuts of the rule page. Everything works without this file: a key only
// presses the button or follows the link that shows it.
"use strict";
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select")) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  target.click();
  const opened = location.hash && document.querySelector(`${location.hash} textarea`);
  if (opened && target.hash === location.hash) opened.focus();
});
