// What is cut off, out of the window, too small, or over STOP: a list of sentences, run as a function's body.
const problems = [];
const stop = document.getElementById("stop").getBoundingClientRect();
for (const [x, y] of [[0.05, 0.08], [0.5, 0.5], [0.95, 0.92], [0.05, 0.92], [0.95, 0.08]]) {
  const found = document.elementFromPoint(stop.left + x * stop.width, stop.top + y * stop.height);
  if (!found?.closest("#stop")) problems.push(`STOP covered by ${found?.tagName}#${found?.id}`);
}
const off = document.getElementById("engine-off").getBoundingClientRect();
if (!(off.right <= stop.left - 12 || off.top >= stop.bottom + 12)) problems.push("ENGINE OFF too near to STOP");
const boxes = "#stop, #engine-off, #mode, .act, .instrument > :is(.value, .detail, .foot), #why h1, #steps .what, .cell .value, #hands :is(.state, .text, .label), dl.rows :is(dt, dd)";
for (const element of document.querySelectorAll(boxes)) {
  const box = element.getBoundingClientRect();
  if (box.width === 0 || box.height === 0) continue;
  if (element.closest("#cells") && box.top >= 64 * parseFloat(getComputedStyle(document.documentElement).fontSize) / 16) continue;
  const name = element.id || element.className || element.tagName;
  const text = element.innerText.slice(0, 30);
  if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0 && getComputedStyle(element).display !== "inline") {
    problems.push(`${name} "${text}" is cut: ${element.scrollWidth} > ${element.clientWidth}`);
  }
  if (element.matches("#hands .text, .instrument > .detail") && element.scrollHeight > element.clientHeight + 4) {
    problems.push(`${name} "${text}" is cut below: ${element.scrollHeight} > ${element.clientHeight}`);
  }
  const frame = element.closest("#steps, #why, .wide")?.getBoundingClientRect();
  if (frame) {
    const next = element.parentElement.classList.contains("next");
    if (next && (box.bottom > frame.bottom || box.top < frame.top)) problems.push(`the next step "${text}" is out of sight`);
    continue;
  }
  if (box.right > innerWidth + 1 || box.bottom > innerHeight + 1 || box.left < -1) problems.push(`${name} "${text}" leaves the window`);
}
// each warning is there, if need be in part: the worst one whole
for (const [n, element] of document.querySelectorAll(".warnings li").entries()) {
  const box = element.getBoundingClientRect(), list = element.parentElement.getBoundingClientRect();
  if (!element.checkVisibility()) continue;
  const text = element.innerText.slice(0, 30);
  if (box.right > list.right + 1 || box.bottom > list.bottom + 1 || box.width < 48) problems.push(`the warning "${text}" is out of sight`);
  if (n === 0 && element.scrollWidth > element.clientWidth + 1) problems.push(`the worst warning "${text}" is cut`);
}
if (document.documentElement.scrollWidth > innerWidth || document.documentElement.scrollHeight > innerHeight) problems.push("the page scrolls");
for (const element of document.querySelectorAll("*")) {
  const size = parseFloat(getComputedStyle(element).fontSize);
  if (element.children.length === 0 && element.textContent.trim() && element.offsetWidth && size < 13) problems.push(`${element.tagName} of ${size} px`);
}
return problems;
