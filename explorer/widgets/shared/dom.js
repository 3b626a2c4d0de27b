// Elements, text and listeners. Text always enters as data: nothing here ever reads markup.

const UNSEEN_MS = 100;

// An element with its class; children are elements, or text.
export function node(tag, className = '', ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children.filter((child) => child !== ''));
  return made;
}

export function svgNode(tag, attributes = {}, ...children) {
  const made = document.createElementNS('http://www.w3.org/2000/svg', tag);
  made.append(...children.filter((child) => child !== ''));
  return attributed(made, attributes);
}

// `target` with these attributes, data-... and aria-... among them; null takes one away. Returns target.
export function attributed(target, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) target.removeAttribute(name);
    else target.setAttribute(name, value);
  }
  return target;
}

// A picture to who cannot see it, from the moment on at which there is a sentence to say. Returns target.
export const asPicture = (target, said) => attributed(target, { role: 'img', 'aria-label': said });

// A button with its sentence; `act` is called when it is pressed.
export function button(className, text, act) {
  const made = node('button', className, text);
  made.type = 'button';
  made.addEventListener('click', act);
  return made;
}

// The text of `target`, written only where it is another: a screen reader says what is written, whether it changed or not.
export function put(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

// A sentence of the catalogue with its {names} replaced by values, and {n:?token|tokens} by the first word where n is 1; what has no
// value stays as it is.
export function filled(sentence, values) {
  return sentence.replace(/\{(\w+)(?::\?([^|}]*)\|([^}]*))?\}/g, (whole, name, one, many) => {
    if (!(name in values)) return whole;
    if (many === undefined) return values[name];
    return String(values[name]) === '1' ? one : many;
  });
}

// The first element of a class inside `element`.
export function finder(element) {
  return (name) => element.querySelector(`.${name}`);
}

// Calls act(event) at each event of `target` until `element` has left the page.
export function follow(element, type, act, target = document) {
  const listener = (event) => {
    if (element.isConnected) act(event);
    else target.removeEventListener(type, listener);
  };
  target.addEventListener(type, listener);
}

// A CSS variable as it is for `element` now: what a canvas paints with.
export function colourOf(element, name) {
  return getComputedStyle(element).getPropertyValue(name).trim();
}

// Calls act() once what is drawn now is on screen; a page that is not looked at paints nothing, and is not waited for.
export function afterPainting(act) {
  let isDue = true;
  const once = () => {
    if (isDue) act();
    isDue = false;
  };
  const after = new MessageChannel();
  after.port1.onmessage = once;
  requestAnimationFrame(() => after.port2.postMessage(0));
  setTimeout(once, UNSEEN_MS);
}

// Tells the page something: what `follow` hears.
export function tell(type, detail) {
  document.dispatchEvent(new CustomEvent(type, { detail }));
}
