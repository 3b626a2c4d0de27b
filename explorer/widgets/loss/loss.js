const find = (name) => element.querySelector(`.loss-${name}`);
const canvas = find('canvas');
const left = 58, right = 14, top_ = 16, bottom = 46;
let shown = { train: [], held_out: [], steps: 1, chance: 1, words: {} };
let pointed = null; // the step under the pointer

const colour = (name) => getComputedStyle(element).getPropertyValue(name).trim();

const plot = () => {
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width) return; // in a tab that is not open
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  pen.fillStyle = colour('--paper');
  pen.fillRect(0, 0, width, height);
  pen.font = `15px ${getComputedStyle(element).fontFamily}`;

  const losses = [...shown.train, ...shown.held_out].map((point) => point[1]).filter(Number.isFinite);
  const highest = 1.08 * losses.reduce((most, loss) => Math.max(most, loss), shown.chance);
  const x = (step) => left + ((width - left - right) * step) / shown.steps;
  const y = (loss) => height - bottom - ((height - bottom - top_) * loss) / highest;

  pen.strokeStyle = colour('--rule');
  pen.fillStyle = colour('--ink');
  pen.lineWidth = 1;
  pen.textAlign = 'right';
  pen.textBaseline = 'middle';
  for (const loss of axisTicks(highest, 5)) {
    pen.beginPath();
    pen.moveTo(left, y(loss));
    pen.lineTo(width - right, y(loss));
    pen.stroke();
    pen.fillText(String(loss), left - 8, y(loss));
  }
  pen.textAlign = 'center';
  pen.textBaseline = 'top';
  for (const step of axisTicks(shown.steps, width < 480 ? 4 : 8)) {
    const text = step.toLocaleString('en');
    const half = pen.measureText(text).width / 2;
    pen.fillText(text, Math.min(x(step), width - half), height - bottom + 7);
  }
  pen.fillText(shown.words.x, (left + width - right) / 2, height - 20);
  pen.save();
  pen.translate(4, (top_ + height - bottom) / 2);
  pen.rotate(-Math.PI / 2);
  pen.fillText(shown.words.y, 0, 0);
  pen.restore();

  pen.strokeStyle = colour('--ink-soft');
  pen.lineWidth = 2;
  pen.setLineDash([7, 6]);
  pen.beginPath();
  pen.moveTo(left, y(shown.chance));
  pen.lineTo(width - right, y(shown.chance));
  pen.stroke();
  pen.setLineDash([]);
  pen.textAlign = 'right';
  pen.textBaseline = 'top';
  pen.fillStyle = colour('--ink-soft');
  pen.fillText(shown.words.chance, width - right, y(shown.chance) + 5);

  const line = (points, name, thickness) => {
    pen.strokeStyle = colour(name);
    pen.lineWidth = thickness;
    pen.lineJoin = 'round';
    pen.beginPath();
    points.forEach(([step, loss], index) => (index ? pen.lineTo(x(step), y(loss)) : pen.moveTo(x(step), y(loss))));
    pen.stroke();
  };
  line(shown.train, '--query', 1.6);
  line(shown.held_out, '--key', 2.4);
  pen.fillStyle = colour('--key');
  for (const [step, loss] of shown.held_out) {
    pen.beginPath();
    pen.arc(x(step), y(loss), 4, 0, 2 * Math.PI);
    pen.fill();
  }
  if (pointed === null) return;
  pen.strokeStyle = colour('--ink');
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(x(pointed), top_);
  pen.lineTo(x(pointed), height - bottom);
  pen.stroke();
};

const filled = (sentence, values) => sentence.replace(/\[(\w+)\]/g, (_, key) => values[key]);

const point = (event) => {
  const box = canvas.getBoundingClientRect();
  const step = (shown.steps * (event.clientX - box.left - left)) / (box.width - left - right);
  const trained = nearestPoint(shown.train, step);
  if (!trained) return;
  const held = nearestPoint(shown.held_out, trained[0]);
  pointed = trained[0];
  const read = filled(shown.words.read, { step: trained[0].toLocaleString('en'), loss: trained[1].toFixed(3) });
  const beside = held && filled(shown.words.read_held_out, { step: held[0].toLocaleString('en'), loss: held[1].toFixed(3) });
  find('read').textContent = [read, beside].filter(Boolean).join('; ');
  plot();
};

const show = () => {
  const value = props.value || {};
  if (!value.words) return;
  shown = { ...value, train: unpackPoints(value.train), held_out: unpackPoints(value.held_out) };
  pointed = null;
  find('read').textContent = '';
  find('origin').textContent = value.origin;
  find('progress').value = value.step / value.steps;
  find('facts').replaceChildren(
    ...value.facts.map((fact) => {
      const item = document.createElement('li');
      item.textContent = fact;
      return item;
    }),
  );
  canvas.setAttribute('aria-label', value.summary);
  plot();
};

find('save').addEventListener('click', () => {
  const link = document.createElement('a');
  link.href = canvas.toDataURL('image/png');
  link.download = 'loss.png';
  link.click();
});
canvas.addEventListener('pointermove', point);
canvas.addEventListener('pointerleave', () => {
  pointed = null;
  find('read').textContent = '';
  plot();
});
new ResizeObserver(plot).observe(canvas);
watch('value', show);
show();
