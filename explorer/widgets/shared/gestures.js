// Pointers and wheel on the picture, told as what they mean. A plain wheel and a finger up or down belong to the page.

import { follow } from './dom.js';

const SLACK = 4; // pixels that a press may move and still be a click

// told: point(x, y) or point(null), click(x, y), zoom(factor, x, y), pan(dx, dy), twice(), a double click; places in CSS pixels of `surface`.
export function gestures(surface, told) {
  const fingers = new Map(); // pointer id -> [x, y]
  let pressed = null; // where a press began
  let dragged = false;

  const place = (event) => {
    const box = surface.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };

  const pinch = (event, to) => {
    const before = spread(fingers);
    fingers.set(event.pointerId, to);
    const after = spread(fingers);
    told.pan(after.x - before.x, after.y - before.y);
    told.zoom(after.apart / before.apart, after.x, after.y);
  };

  surface.addEventListener('pointerdown', (event) => {
    if (event.pointerType === 'mouse' && event.button !== 0) return;
    fingers.set(event.pointerId, place(event));
    dragged = fingers.size > 1;
    pressed = place(event);
    if (event.pointerType !== 'mouse' && !dragged) told.point(...pressed);
  });

  surface.addEventListener('pointermove', (event) => {
    const to = place(event);
    const from = fingers.get(event.pointerId);
    if (from && fingers.size > 1) return pinch(event, to);
    if (from && Math.hypot(to[0] - pressed[0], to[1] - pressed[1]) > SLACK) dragged = true;
    if (from && dragged && event.pointerType === 'mouse') {
      surface.setPointerCapture(event.pointerId);
      told.pan(to[0] - from[0], to[1] - from[1]);
    }
    if (from) fingers.set(event.pointerId, to);
    told.point(...to);
  });

  const lifted = (event) => fingers.delete(event.pointerId);
  surface.addEventListener('pointerup', lifted);
  surface.addEventListener('pointercancel', lifted);
  surface.addEventListener('pointerleave', (event) => {
    if (event.pointerType === 'mouse') told.point(null); // what a finger read stays to be read when it is lifted
  });
  surface.addEventListener('click', (event) => {
    if (!dragged) told.click(...(event.detail && pressed ? pressed : place(event))); // a click itself tells whole pixels
    dragged = false;
  });
  surface.addEventListener('dblclick', () => told.twice());
  // a pinch on a touchpad comes as a wheel with Ctrl
  surface.addEventListener('wheel', (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    told.zoom(Math.exp(-event.deltaY / (event.deltaMode ? 10 : 250)), ...place(event));
  }, { passive: false });
  surface.addEventListener('touchmove', (event) => event.touches.length > 1 && event.preventDefault(), { passive: false });
  // a touch outside ends what a finger read
  follow(surface, 'pointerdown', (event) => {
    if (event.pointerType !== 'mouse' && !surface.contains(event.target)) told.point(null);
  });
}

// The middle of two fingers and how far they are apart.
function spread(fingers) {
  const [[x0, y0], [x1, y1]] = [...fingers.values()];
  return { x: (x0 + x1) / 2, y: (y0 + y1) / 2, apart: Math.max(1, Math.hypot(x1 - x0, y1 - y0)) };
}
