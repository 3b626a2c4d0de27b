import { attributed, button, node } from '../shared/dom.js';

export default function mount({ element, props, trigger, watch, words }) {
  const region = attributed(element.querySelector('.runs'), { 'aria-label': words.label });
  const [head, body] = ['thead', 'tbody'].map((part) => element.querySelector(part));

  const act = (kind, name) => {
    props.value = { ...props.value, act: { kind, name } };
    trigger('input');
  };

  const rowOf = ({ name, cells, hidden }) => {
    const row = node('tr', hidden ? 'runs-hidden' : '');
    const [first, ...rest] = cells;
    row.append(attributed(node('th', '', first), { scope: 'row' }), ...rest.map((cell) => node('td', '', cell)));
    const pressed = (kind, word) => attributed(button('runs-act', word, () => act(kind, name)), { 'aria-label': `${word}: ${first}` });
    row.append(node('td', 'runs-acts', pressed('hide', hidden ? words.show : words.hide), pressed('forget', words.forget)));
    return row;
  };

  const draw = () => {
    const { columns = [], rows = [] } = props.value || {};
    region.hidden = rows.length === 0;
    const heads = [...columns, words.acts].map((column) => attributed(node('th', '', column), { scope: 'col' }));
    head.replaceChildren(node('tr', '', ...heads));
    body.replaceChildren(...rows.map(rowOf));
  };
  watch('value', draw);
  draw();
}
