import { finder, put } from '../shared/dom.js';

export default function mount({ element, props, watch }) {
  const inside = finder(element);
  const find = (name) => inside(`verdict-${name}`);

  const draw = () => {
    const { kind = '', name = '', text = '', copied = '', before = '', passage = '', after = '' } = props.value || {};
    inside('verdict').hidden = !text;
    inside('verdict').dataset.kind = kind;
    put(find('kind'), name);
    put(find('text'), text);
    put(find('copied'), copied);
    find('place').hidden = !passage;
    put(find('before'), before && `… ${before}`);
    put(element.querySelector('mark'), passage);
    put(find('after'), after && `${after} …`);
  };
  watch('value', draw);
  draw();
}
