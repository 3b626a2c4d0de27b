// The attribute is for a story that appears later, the event for one that is there.
export default function mount({ props, watch }) {
  const announce = () => {
    if (!props.value) return;
    document.documentElement.dataset.prompt = props.value.prompt;
    document.dispatchEvent(new CustomEvent('prompt-read'));
  };
  watch('value', announce);
  announce();
}
