// Surprise along the text: a stem a token, or a line where there are more tokens than pixels, its mean, and the token picked.
import { scaled, ticks } from '../shared/axes.js';
import { dot, penOn, trace } from '../shared/canvas.js';
import { colourOf, filled } from '../shared/dom.js';
import { clamped } from '../shared/numbers.js';

const MARGINS = { left: 62, right: 16, top: 26, bottom: 48 };

// pick(token): a click chose it. Returns what shows losses and marks a token.
export function surpriseChart(canvas, pick) {
  let shown = null; // { losses, mean, words }
  let waiting = 0; // for the next frame
  let picked = 0; // a token; loss i belongs to token i + 1

  const colour = (name) => colourOf(canvas, name);
  const across = () => canvas.clientWidth - MARGINS.left - MARGINS.right;
  const xOf = (token) => MARGINS.left + (across() * (token - 0.5)) / shown.losses.length;

  function draw() {
    const paper = shown && penOn(canvas);
    if (!paper) return;
    const { pen, width, height } = paper;
    const { losses, mean, words } = shown;
    const highest = 1.05 * losses.reduce((most, loss) => Math.max(most, loss), 1e-6);
    const floor = height - MARGINS.bottom;
    const yOf = scaled([0, highest], [floor, MARGINS.top]);

    pen.strokeStyle = colour('--rule');
    pen.fillStyle = colour('--ink');
    pen.lineWidth = 1;
    pen.textAlign = 'right';
    pen.textBaseline = 'middle';
    for (const tick of ticks(highest, 5)) {
      trace(pen, [[MARGINS.left, yOf(tick)], [width - MARGINS.right, yOf(tick)]]);
      pen.fillText(String(tick), MARGINS.left - 8, yOf(tick));
    }
    pen.textAlign = 'center';
    pen.textBaseline = 'top';
    const n = losses.length;
    for (const tick of ticks(n + 1, width < 480 ? 4 : 8)) {
      const token = Math.max(2, tick);
      if (token <= n + 1 && (tick !== 1 || n < 8)) pen.fillText(String(token), xOf(token - 1), floor + 6);
    }
    pen.fillText(words.shared_token, MARGINS.left + across() / 2, height - 20);
    pen.textAlign = 'left';
    pen.textBaseline = 'alphabetic';
    pen.fillText(words.chart_y, 4, 16);

    pen.strokeStyle = colour('--bar');
    if (n > across() / 3) {
      pen.lineWidth = 1.2;
      trace(pen, Array.from(losses, (loss, i) => [xOf(i + 1), yOf(loss)]));
    } else {
      pen.lineWidth = Math.max(2, Math.min(14, (0.6 * across()) / n));
      losses.forEach((loss, i) => trace(pen, [[xOf(i + 1), floor], [xOf(i + 1), yOf(loss)]]));
    }

    pen.strokeStyle = colour('--key');
    pen.fillStyle = colour('--key');
    pen.lineWidth = 2;
    pen.setLineDash([8, 5]);
    trace(pen, [[MARGINS.left, yOf(mean)], [width - MARGINS.right, yOf(mean)]]);
    pen.setLineDash([]);
    pen.textAlign = 'right';
    pen.fillText(filled(words.chart_mean, { mean: mean.toFixed(2) }), width - MARGINS.right, 16);

    if (picked < 1 || picked > n) return;
    const at = xOf(picked);
    pen.strokeStyle = pen.fillStyle = colour('--ink');
    pen.lineWidth = 1.5;
    trace(pen, [[at, MARGINS.top], [at, floor]]);
    dot(pen, at, yOf(losses[picked - 1]), 6);
  }

  canvas.addEventListener('click', (event) => {
    if (!shown) return;
    const share = (event.clientX - canvas.getBoundingClientRect().left - MARGINS.left) / across();
    pick(clamped(Math.ceil(share * shown.losses.length), 1, shown.losses.length));
  });
  new ResizeObserver(draw).observe(canvas);
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
