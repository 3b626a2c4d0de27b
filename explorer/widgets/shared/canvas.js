// A canvas as sharp as the screen, in the page's colours and its size of text.
import { colourOf, node } from './dom.js';

// The size of the canvas's text, in CSS pixels, as its style sheet says.
export function textSizeOf(element) {
  return parseFloat(getComputedStyle(element).fontSize);
}

// { pen, width, height }, in CSS pixels and cleared to the page's paper; null in a tab that is not open.
export function penOn(canvas) {
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width) return null;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  pen.fillStyle = colourOf(canvas, '--paper');
  pen.fillRect(0, 0, width, height);
  pen.font = `${textSizeOf(canvas)}px ${getComputedStyle(canvas).fontFamily}`;
  return { pen, width, height };
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

// Calls draw() whenever the size of `picture` changes, or that of its text, which an unseen ruler beside it is as long as.
export function drawnAgain(picture, draw) {
  const ruler = node('i');
  ruler.style.cssText = 'position: absolute; width: 1em; height: 0; visibility: hidden;';
  picture.after(ruler);
  const sizes = new ResizeObserver(draw);
  for (const one of [picture, ruler]) sizes.observe(one);
}
