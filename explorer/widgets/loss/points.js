// Series of [step, loss]. No page here.
import { floatsOf } from '../shared/numbers.js';

// From base64 float32, step and loss in turn.
export function pointsOf(base64) {
  const numbers = floatsOf(base64 || '');
  return Array.from({ length: numbers.length / 2 }, (_, i) => [numbers[2 * i], numbers[2 * i + 1]]);
}

// The point of a series nearest in x, or null.
export function nearestPoint(points, x) {
  return points.reduce((best, point) => (best && Math.abs(best[0] - x) <= Math.abs(point[0] - x) ? best : point), null);
}
