// Surprise along the text: a stem a token, or a line where there are more tokens than pixels, its mean, and the token picked.
import { scaled, ticks } from '../shared/axes.js';
import { dot, drawnAgain, levels, penOn, textSizeOf, trace } from '../shared/canvas.js';
import { colourOf, filled } from '../shared/dom.js';
import { clamped } from '../shared/numbers.js';

// In pixels, around a picture whose text has a size of 16.
const marginsAt = (em) => ({ left: 62 * em, right: 16, top: 26 * em, bottom: 48 * em });

// pick(token): a click chose it. Returns what shows losses and marks a token.
export function surpriseChart(canvas, pick) {
  let shown = null; // { losses, mean, words }
  let waiting = 0; // for the next frame
  let picked = 0; // a token; loss i belongs to token i + 1

  const colour = (name) => colourOf(canvas, name);
  const em = () => textSizeOf(canvas) / 16;

  function draw() {
    const paper = shown && penOn(canvas);
    if (!paper) return;
    const { pen, width, height } = paper;
    const { losses, mean, words } = shown;
    const margins = marginsAt(em());
    const across = width - margins.left - margins.right;
    const xOf = (token) => margins.left + (across * (token - 0.5)) / losses.length;
    const highest = 1.05 * losses.reduce((most, loss) => Math.max(most, loss), 1e-6);
    const floor = height - margins.bottom;
    const yOf = scaled([0, highest], [floor, margins.top]);

    levels(pen, ticks(highest, 5), yOf, [margins.left, width - margins.right], canvas);
    pen.textAlign = 'center';
    pen.textBaseline = 'top';
    const n = losses.length;
    for (const tick of ticks(n + 1, width < 480 * em() ? 4 : 8)) {
      const token = Math.max(2, tick);
      if (token <= n + 1 && (tick !== 1 || n < 8)) pen.fillText(String(token), xOf(token - 1), floor + 6);
    }
    pen.fillText(words.shared_token, margins.left + across / 2, height - 20 * em());
    pen.textAlign = 'left';
    pen.textBaseline = 'alphabetic';
    pen.fillText(words.chart_y, 4, 16 * em());

    pen.strokeStyle = colour('--bar');
    if (n > across / 3) {
      pen.lineWidth = 1.2;
      trace(pen, Array.from(losses, (loss, i) => [xOf(i + 1), yOf(loss)]));
    } else {
      pen.lineWidth = Math.max(2, Math.min(14, (0.6 * across) / n));
      losses.forEach((loss, i) => trace(pen, [[xOf(i + 1), floor], [xOf(i + 1), yOf(loss)]]));
    }

    pen.strokeStyle = colour('--key');
    pen.fillStyle = colour('--key');
    pen.lineWidth = 2;
    pen.setLineDash([8, 5]);
    trace(pen, [[margins.left, yOf(mean)], [width - margins.right, yOf(mean)]]);
    pen.setLineDash([]);
    pen.textAlign = 'right';
    pen.fillText(filled(words.chart_mean, { mean: mean.toFixed(2) }), width - margins.right, 16 * em());

    if (picked < 1 || picked > n) return;
    const at = xOf(picked);
    pen.strokeStyle = pen.fillStyle = colour('--ink');
    pen.lineWidth = 1.5;
    trace(pen, [[at, margins.top], [at, floor]]);
    dot(pen, at, yOf(losses[picked - 1]), 6);
  }

  canvas.addEventListener('click', (event) => {
    if (!shown) return;
    const { left, right } = marginsAt(em());
    const share = (event.clientX - canvas.getBoundingClientRect().left - left) / (canvas.clientWidth - left - right);
    pick(clamped(Math.ceil(share * shown.losses.length), 1, shown.losses.length));
  });
  drawnAgain(canvas, draw);
  return {
    show(losses, words) {
      shown = { losses, words, mean: losses.reduce((sum, loss) => sum + loss, 0) / losses.length };
      draw();
    },
    mark(token) {
      picked = token;
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(draw);
    },
  };
}
