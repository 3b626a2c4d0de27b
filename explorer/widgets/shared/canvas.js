// A canvas as sharp as the screen, in the page's colours.
import { colourOf } from './dom.js';

// { pen, width, height }, in CSS pixels and cleared to the page's paper; null in a tab that is not open.
export function penOn(canvas, textSize = 16) {
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width) return null;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  pen.fillStyle = colourOf(canvas, '--paper');
  pen.fillRect(0, 0, width, height);
  pen.font = `${textSize}px ${getComputedStyle(canvas).fontFamily}`;
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
