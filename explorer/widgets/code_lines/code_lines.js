import { attributed, node } from '../shared/dom.js';

export default function mount({ element, props, watch }) {
  const box = element.querySelector('.code-lines');

  const draw = () => {
    if (!props.value?.told) return;
    const { shape, code } = JSON.parse(props.value.told);
    const blocks = code.flatMap(([where, lines]) => [node('p', 'code-where', where), attributed(node('pre', '', lines), { tabindex: '0', 'aria-label': where })]);
    box.replaceChildren(node('p', 'code-shape', shape), ...blocks);
  };

  watch('value', draw);
  draw();
}
