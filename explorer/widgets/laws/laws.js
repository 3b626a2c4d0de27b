import { asPicture, attributed, filled, node } from '../shared/dom.js';

export default function mount({ element, props, watch, words }) {
  const list = attributed(element.querySelector('.laws'), { 'aria-label': words.list });

  const itemFor = ({ sentence, residual, bound, ok, note }) => {
    const [mark, said] = ok === null ? ['–', words.not_held] : ok ? ['✓', words.kept] : ['✗', words.not_kept];
    const sign = asPicture(node('span', 'law-sign', mark), said);
    const told = residual ? filled(words.distance, { residual, bound }) : '';
    const item = node('li', '', sign, node('span', 'law-sentence', sentence, ...(note ? [node('span', 'law-note', ` ${note}`)] : [])), node('span', 'law-distance', told));
    if (ok === false) item.dataset.broken = '';
    return item;
  };

  const draw = () => list.replaceChildren(...((props.value || {}).rows || []).map(itemFor));
  watch('value', draw);
  draw();
}
