// Surprise along the text: a stem a token, or a line where there are more tokens than pixels, its mean, and the token picked.
const margins = { left: 62, right: 16, top: 26, bottom: 48 };

function surpriseChart(canvas, pick) {
  let shown = null; // { losses, mean, words }
  let waiting = 0; // for the next frame
  let picked = 0; // a token; loss i belongs to token i + 1

  const colour = (name) => getComputedStyle(canvas).getPropertyValue(name).trim();
  const across = () => canvas.clientWidth - margins.left - margins.right;
  const xOf = (token) => margins.left + (across() * (token - 0.5)) / shown.losses.length;

  function draw() {
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width || !shown) return; // in a tab that is not open
    const ratio = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    const pen = canvas.getContext('2d');
    pen.scale(ratio, ratio);
    pen.fillStyle = colour('--paper');
    pen.fillRect(0, 0, width, height);
    pen.font = `16px ${getComputedStyle(canvas).fontFamily}`;
    const { losses, mean, words } = shown;
    const highest = 1.05 * losses.reduce((most, loss) => Math.max(most, loss), 1e-6);
    const floor = height - margins.bottom;
    const yOf = (loss) => floor - ((floor - margins.top) * loss) / highest;
    const line = (x1, y1, x2, y2) => {
      pen.beginPath();
      pen.moveTo(x1, y1);
      pen.lineTo(x2, y2);
      pen.stroke();
    };

    pen.strokeStyle = colour('--rule');
    pen.fillStyle = colour('--ink');
    pen.lineWidth = 1;
    pen.textAlign = 'right';
    pen.textBaseline = 'middle';
    for (const tick of roundTicks(highest, 5)) {
      line(margins.left, yOf(tick), width - margins.right, yOf(tick));
      pen.fillText(String(tick), margins.left - 8, yOf(tick));
    }
    pen.textAlign = 'center';
    pen.textBaseline = 'top';
    const n = losses.length;
    for (const tick of roundTicks(n + 1, width < 480 ? 4 : 8)) {
      const token = Math.max(2, tick);
      if (token <= n + 1 && (tick !== 1 || n < 8)) pen.fillText(String(token), xOf(token - 1), floor + 6);
    }
    pen.fillText(words.chart_x, margins.left + across() / 2, height - 20);
    pen.textAlign = 'left';
    pen.textBaseline = 'alphabetic';
    pen.fillText(words.chart_y, 4, 16);

    pen.strokeStyle = colour('--bar');
    if (n > across() / 3) {
      pen.lineWidth = 1.2;
      pen.beginPath();
      losses.forEach((loss, i) => (i ? pen.lineTo(xOf(i + 1), yOf(loss)) : pen.moveTo(xOf(1), yOf(loss))));
      pen.stroke();
    } else {
      pen.lineWidth = Math.max(2, Math.min(14, (0.6 * across()) / n));
      losses.forEach((loss, i) => line(xOf(i + 1), floor, xOf(i + 1), yOf(loss)));
    }

    pen.strokeStyle = colour('--key');
    pen.fillStyle = colour('--key');
    pen.lineWidth = 2;
    pen.setLineDash([8, 5]);
    line(margins.left, yOf(mean), width - margins.right, yOf(mean));
    pen.setLineDash([]);
    pen.textAlign = 'right';
    pen.fillText(words.chart_mean.replace('{mean}', mean.toFixed(2)), width - margins.right, 16);

    if (picked < 1 || picked > n) return;
    const at = xOf(picked);
    pen.strokeStyle = pen.fillStyle = colour('--ink');
    pen.lineWidth = 1.5;
    line(at, margins.top, at, floor);
    pen.beginPath();
    pen.arc(at, yOf(losses[picked - 1]), 6, 0, 2 * Math.PI);
    pen.fill();
  }

  canvas.addEventListener('click', (event) => {
    if (!shown) return;
    const share = (event.clientX - canvas.getBoundingClientRect().left - margins.left) / across();
    pick(Math.max(1, Math.min(shown.losses.length, Math.ceil(share * shown.losses.length))));
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
