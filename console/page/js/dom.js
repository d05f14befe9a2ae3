/** Small helpers for the page's elements. */

/** @param {string} id */
export const at = (id) => document.getElementById(id);

/** An element with classes, attributes and children. */
export function make(tag, { className = "", text = null, ...attributes } = {}, children = []) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== null) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) if (value !== null) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

export function svg(tag, attributes = {}, children = []) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Text of an element, written only where it changed: nothing is laid out for nothing. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A class, set or not. */
export function mark(element, name, on) {
  if (element.classList.contains(name) !== Boolean(on)) element.classList.toggle(name, Boolean(on));
}

/** Shown or hidden; of drawings too, which have no property for it. */
export function show(element, on) {
  if (element.hasAttribute("hidden") === Boolean(on)) element.toggleAttribute("hidden", !on);
}

/** A custom property for the style sheet; only where it changed. */
export function property(element, name, value) {
  if (element.style.getPropertyValue(name) !== value) element.style.setProperty(name, value);
}
