// Series of a training run, and what is made of them to be drawn. No page here.
import { floatsOf } from '../shared/numbers.js';

// From base64 float32: rows of so many numbers.
export function rowsOf(base64, columns) {
  const numbers = floatsOf(base64 || '');
  return Array.from({ length: numbers.length / columns }, (_, row) => [...numbers.subarray(row * columns, (row + 1) * columns)]);
}

// The point of a series nearest in x, or null.
export function nearestPoint(points, x) {
  return points.reduce((best, point) => (best && Math.abs(best[0] - x) <= Math.abs(point[0] - x) ? best : point), null);
}

// The same points with each y the mean of those before it, the nearer counting more: `share` (0 to 1) of the mean is kept at each step.
export function smoothed(points, share) {
  let mean = 0, weight = 0;
  return points.map(([x, y]) => {
    if (!Number.isFinite(y)) return [x, y];
    mean = share * mean + (1 - share) * y;
    weight = share * weight + (1 - share);
    return [x, mean / weight];
  });
}

const COLUMN = { loss: 1, perplexity: 1, rate: 2, norm: 3 };
const SECONDS = 4;

// What is drawn of one run: { train, held_out } as [x, y]. by: "step", "tokens" or "time"; of: "loss", "perplexity", "rate" or "norm".
// A check has no time of its own: it has that of its update.
export function series({ train, held_out: heldOut, tokens }, by, of) {
  const timeAt = new Map(train.map((row) => [row[0], row[SECONDS]]));
  const x = (step) => ({ step, tokens: step * tokens, time: step === 0 ? 0 : timeAt.get(step) })[by];
  const y = of === 'perplexity' ? Math.exp : (loss) => loss;
  const known = (points) => points.filter((point) => point.every((value) => value !== undefined));
  const isLoss = COLUMN[of] === COLUMN.loss;
  return {
    train: known(train.map((row) => [x(row[0]), y(row[COLUMN[of]])])),
    held_out: isLoss ? known(heldOut.map(([step, loss]) => [x(step), y(loss)])) : [],
  };
}
