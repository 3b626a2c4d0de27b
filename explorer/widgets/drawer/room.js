// The drawer's room on the page: figures are laid out beside it, and where it lies below them, scrolled into sight.

// on: whether the drawer is open. Above everything else, an enlarged figure included (a popover where there are such).
export function takeRoom(aside, on) {
  aside.hidden = !on;
  if (aside.showPopover) {
    aside.popover = on ? 'manual' : null;
    if (on) aside.showPopover();
  }
  document.documentElement.toggleAttribute('data-drawer', on);
  window.dispatchEvent(new Event('resize')); // canvases, plots and an enlarged figure take their new room
}

// What asked, to come back to: `from` itself, or where a redraw has replaced it, what takes the focus in its figure.
export function rememberOpener(from) {
  const frame = from?.closest('.figure-frame') ?? null;

  // A sheet at the bottom may lie over the figure: then that is scrolled to the top, and on until what asked is in sight.
  function show(aside) {
    const sheet = aside.getBoundingClientRect();
    if (!from || sheet.left > 0) return;
    const { top, bottom } = (frame ?? from).getBoundingClientRect();
    if (top < 0 || bottom > sheet.top) (frame ?? from).scrollIntoView({ block: 'start', behavior: 'instant' });
    from.scrollIntoView({ block: 'nearest', behavior: 'instant' }); // page/styles/drawer.css leaves the sheet out
  }

  function focus() {
    if (from?.isConnected) return from.focus({ preventScroll: true });
    return frame?.querySelector('.figure-body [tabindex="0"], .figure-body button')?.focus({ preventScroll: true });
  }

  return { show, focus };
}

const OPENING_MS = 2000; // as long as a tab may take to open

// Frames what a tab is about, so that something answers also where it was in sight already.
export function pointOut(tab, since = performance.now()) {
  const panel = document.querySelector(`#tabs [role=tab][data-tab-id="${CSS.escape(tab)}"]`)?.getAttribute('aria-controls');
  const figure = document.getElementById(panel)?.querySelector('.main-figure');
  if (figure?.offsetParent) {
    figure.closest('.figure-frame').dataset.pointed = '';
  } else if (performance.now() - since < OPENING_MS) requestAnimationFrame(() => pointOut(tab, since));
}

export function pointNowhere() {
  document.querySelectorAll('[data-pointed]').forEach((frame) => delete frame.dataset.pointed);
}
