import { button, finder } from '../shared/dom.js';
import { bytesOf } from '../shared/numbers.js';
import { offer } from '../shared/saving.js';

export default function mount({ element, props, trigger, watch, buttons }) {
  const ask = (asked) => {
    props.value = { asked };
    trigger('pick');
  };
  const pressed = ([name, label]) => button('takeaway-file', label, () => ask(name));
  finder(element)('takeaway').replaceChildren(...Object.entries(buttons).map(pressed));

  watch('value', () => {
    const { name, content } = props.value || {};
    if (!content) return;
    offer(name, new Blob([bytesOf(content)]));
    props.value = {}; // it need not lie here, nor travel back
  });
}
