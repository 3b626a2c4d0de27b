// The labels wait here for figures that appear later; the event is for those that are there.
export default function mount({ element, props, watch }) {
  const announce = () => {
    const { labels = '' } = props.value || {};
    element.labels = labels.split('\n');
    element.setAttribute('data-vocabulary', '');
    document.dispatchEvent(new CustomEvent('vocabulary'));
  };
  watch('value', announce);
  announce();
}
