import { attributed, node } from '../shared/dom.js';

export default function mount({ element, props, watch }) {
  const box = element.querySelector('.source-lines');

  const draw = () => {
    if (!props.value?.told) return;
    const { shape, code } = JSON.parse(props.value.told);
    const blocks = code.flatMap(([where, lines]) => [node('p', 'source-where', where), attributed(node('pre', '', lines), { tabindex: '0', 'aria-label': where })]);
    box.replaceChildren(node('p', 'source-shape', shape), ...blocks);
  };

  watch('value', draw);
  draw();
}
