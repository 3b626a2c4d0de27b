// A canvas as sharp as the screen, in the page's colours and its size of text.
import { colourOf, follow, node } from './dom.js';

const TINTS = 12; // of tokens, as explorer/page/theme.py has them

// The size of the canvas's text, in CSS pixels, as its style sheet says.
export function textSizeOf(element) {
  return parseFloat(getComputedStyle(element).fontSize);
}

// Screen pixels for one of the page's, in a figure that is enlarged too (widgets/frame scales it).
export function sharpness(element) {
  return (window.devicePixelRatio || 1) * (parseFloat(getComputedStyle(element).getPropertyValue('--figure-scale')) || 1);
}

// The pen of a canvas that is width x height on the page, cleared; it counts in the page's pixels. ratio: screen pixels for one of them.
export function penFor(canvas, { width, height, ratio = window.devicePixelRatio || 1 }) {
  const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
  const pen = canvas.getContext('2d');
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

// { pen, width, height } of a canvas filled with the page's paper, in its own font; null in a tab that is not open.
export function penOn(canvas) {
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width) return null;
  const pen = penFor(canvas, { width, height, ratio: sharpness(canvas) });
  pen.fillStyle = colourOf(canvas, '--paper');
  pen.fillRect(0, 0, width, height);
  pen.font = `${textSizeOf(canvas)}px ${getComputedStyle(canvas).fontFamily}`;
  return { pen, width, height };
}

// What the page's style sheet says for `element`, read once a painting: the colours of these names, the tints of tokens, the size and
// family of text, and which theme it is.
export function styleOf(element, names) {
  const computed = getComputedStyle(element);
  const colour = (name) => computed.getPropertyValue(`--${name}`).trim();
  return {
    ...Object.fromEntries(names.map((name) => [name, colour(name)])),
    tints: Array.from({ length: TINTS }, (_, tint) => colour(`token-${tint}`)),
    size: parseFloat(computed.fontSize) || 16,
    family: computed.fontFamily,
    theme: element.closest('.dark') ? 'dark' : 'light',
  };
}

// A line through these points, [x, y] each.
export function trace(pen, points) {
  pen.beginPath();
  points.forEach(([x, y], index) => (index ? pen.lineTo(x, y) : pen.moveTo(x, y)));
  pen.stroke();
}

export function dot(pen, x, y, radius) {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

// A line across for each of these values from start to end, its number before it. The pen keeps the colour of its text.
export function levels(pen, values, yOf, [start, end], canvas) {
  pen.strokeStyle = colourOf(canvas, '--rule');
  pen.fillStyle = colourOf(canvas, '--ink');
  pen.lineWidth = 1;
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  for (const value of values) {
    trace(pen, [[start, yOf(value)], [end, yOf(value)]]);
    pen.fillText(String(value), start - 8, yOf(value));
  }
}

// Calls draw() whenever the size of `picture` changes, that of its text (which an unseen ruler beside it is as long as), that of the
// window, or the theme.
export function drawnAgain(picture, draw) {
  const ruler = node('i');
  ruler.style.cssText = 'position: absolute; width: 1em; height: 0; visibility: hidden;';
  picture.after(ruler);
  const sizes = new ResizeObserver(draw);
  for (const one of [picture, ruler]) sizes.observe(one);
  follow(picture, 'resize', draw, window);
  const theme = new MutationObserver(() => (picture.isConnected ? draw() : theme.disconnect()));
  theme.observe(document.body, { attributes: true, attributeFilter: ['class'] });
}
