import { node } from '../shared/dom.js';

const itemFor = ({ when, prompt, text }) => {
  const written = node('p', 'sample-text', node('b', 'sample-prompt', prompt), node('span', 'sample-rest', text));
  written.dir = 'auto';
  return node('li', '', node('p', 'sample-when', when), written);
};

export default function mount({ element, props, watch }) {
  const list = element.querySelector('.samples');
  const draw = () => {
    const { samples = [], paired = false } = props.value || {};
    list.toggleAttribute('data-paired', paired);
    list.replaceChildren(...samples.map(itemFor));
  };
  watch('value', draw);
  draw();
}
