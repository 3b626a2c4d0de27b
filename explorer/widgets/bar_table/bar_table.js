import { attributed, node } from '../shared/dom.js';

export default function mount({ element, props, watch, label }) {
  const box = attributed(element.querySelector('.bar-table'), { 'aria-label': label });
  const told = () => JSON.parse(props.value?.told ?? '{"head":[],"rows":[]}');

  const cellFor = ([, part, shown, note]) => {
    const bar = node('span', 'bar');
    bar.style.width = `${100 * part}%`;
    return node('td', '', node('span', 'shown', shown), ' ', node('span', 'note', note), node('span', 'track', bar));
  };
  const scoped = (scope, text) => attributed(node('th', '', text), { scope });

  box.figureTable = () => {
    const { head, rows } = told();
    return { columns: head, rows: rows.map(([name, cells]) => [name, ...cells.map(([value]) => value)]) };
  };
  const draw = () => {
    const { head, rows } = told();
    const top = node('thead', '', node('tr', '', ...head.map((text) => scoped('col', text))));
    const body = node('tbody', '', ...rows.map(([name, cells]) => node('tr', '', scoped('row', name), ...cells.map(cellFor))));
    element.querySelector('table').replaceChildren(...(rows.length ? [top, body] : []));
    box.dispatchEvent(new CustomEvent('figure-drawn', { bubbles: true }));
  };
  watch('value', draw);
  draw();
}
