import { attributed, node } from '../shared/dom.js';

export default function mount({ element, props, watch, label }) {
  attributed(element.querySelector('.plain-table'), { 'aria-label': label });
  const cell = (tag, text, scope) => attributed(node(tag, '', String(text ?? '')), scope ? { scope } : {});

  const draw = () => {
    const { columns = [], rows = [] } = props.value || {};
    const head = node('thead', '', node('tr', '', ...columns.map((name) => cell('th', name, 'col'))));
    const body = node('tbody', '', ...rows.map((row) => node('tr', '', ...row.map((text, place) => (place ? cell('td', text) : cell('th', text, 'row'))))));
    element.querySelector('table').replaceChildren(...(columns.length ? [head, body] : []));
  };
  watch('value', draw);
  draw();
}
