import { finder, node } from '../shared/dom.js';
import { snippet } from '../shared/snippet.js';

export default function mount({ element, props, watch, words, title }) {
  const find = finder(element);
  const told = { copy: words.copy, copied: words.copied, not: words.not_copied, label: words.python };
  find('code-lines').querySelector('summary').textContent = title;

  const draw = () => {
    const { lines = '', instead = '' } = props.value || {};
    find('code-lines').hidden = !lines && !instead;
    find('code-body').replaceChildren(...(lines ? snippet(lines, told) : [node('p', '', instead)]));
  };
  watch('value', draw);
  draw();
}
