// One figure over the whole window, or what a drawer beside it leaves (page/styles/drawer.css). It is laid out as in a window of at
// least LAID_OUT pixels and scaled up to fill the one there is, so that text of 16 pixels has 24 on a projector of 1280 x 720, whoever draws it, and what the pointer meets stays where it is seen.
import { follow } from '../../shared/dom.js';

const LAID_OUT = { width: 853, height: 480 };
const MOST_SCALE = 2;

// told(on) is called after each change. Returns { toggle, fit }.
export function enlarging(root, body, told) {
  let aside = []; // what is inert meanwhile
  const sized = new ResizeObserver(() => {
    // a transform takes no room in the layout: what follows the figure starts below its scaled picture
    if (isLarge()) body.style.marginBottom = `${(scale() - 1) * body.offsetHeight}px`;
  });
  const isLarge = () => 'large' in root.dataset;
  const scale = () => Math.max(1, Math.min(MOST_SCALE, root.offsetWidth / LAID_OUT.width, root.offsetHeight / LAID_OUT.height));

  function fit() {
    if (!isLarge()) return;
    root.setAttribute('aria-modal', String(!('drawer' in document.documentElement.dataset)));
    root.style.setProperty('--figure-scale', scale());
    const { paddingBottom } = getComputedStyle(root);
    const room = root.offsetHeight - (body.offsetTop - root.scrollTop + Number.parseFloat(paddingBottom));
    root.style.setProperty('--figure-height', `${Math.max(200, Math.floor(room / scale()))}px`);
  }

  function open() {
    aside = othersThan(root).filter((other) => !other.inert);
    for (const other of aside) other.inert = true;
    root.dataset.large = '';
    root.setAttribute('role', 'dialog');
    if (root.showPopover) {
      root.popover = 'manual';
      root.showPopover();
    }
    sized.observe(body);
  }

  function close() {
    for (const other of aside) other.inert = false;
    if (root.hidePopover) root.hidePopover();
    root.popover = null;
    delete root.dataset.large;
    root.setAttribute('role', 'figure');
    root.removeAttribute('aria-modal');
    for (const variable of ['--figure-scale', '--figure-height']) root.style.removeProperty(variable);
    sized.disconnect();
    body.style.marginBottom = '';
  }

  function toggle() {
    const before = window.scrollY;
    if (isLarge()) close();
    else open();
    told(isLarge());
    fit();
    window.scrollTo({ top: before, behavior: 'instant' });
    window.dispatchEvent(new Event('resize')); // plotly and canvases take their new room
  }

  // wherever the focus is: past the last thing that takes it, it is nowhere
  follow(root, 'keydown', (event) => {
    if (!isLarge() || event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    toggle();
  });
  return { toggle, fit };
}

// Everything on the page that is neither `root`, nor around it, nor inside it, nor meant to stand beside it.
function othersThan(root) {
  const others = [];
  for (let at = root; at !== document.body && at.parentElement; at = at.parentElement) {
    others.push(...[...at.parentElement.children].filter((child) => child !== at && !child.querySelector('[data-beside]')));
  }
  return others;
}
