// One tip for the whole page: whatever carries data-tip shows it on hover and focus. A table of a hundred rows has hundreds of
// times and addresses; a tooltip component for each would cost more than the table itself.
import { useEffect, useRef, useState } from 'react';

const ID = 'cf-tip';
const GAP = 8;

interface Shown {
  text: string;
  left: number;
  top: number;
  below: boolean;
}

export function TipLayer() {
  const [shown, setShown] = useState<Shown>();
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    let current: Element | null = null;
    const hide = () => {
      current?.removeAttribute('aria-describedby');
      current = null;
      setShown(undefined);
    };
    const show = (event: Event) => {
      const target = event.target instanceof Element ? event.target.closest('[data-tip]') : null;
      if (target === current) return;
      hide();
      const text = target?.getAttribute('data-tip');
      if (!target || !text) return;
      const rect = target.getBoundingClientRect();
      const below = rect.top < 56;
      current = target;
      target.setAttribute('aria-describedby', ID);
      setShown({
        text,
        left: rect.left + rect.width / 2,
        top: below ? rect.bottom + GAP : rect.top - GAP,
        below,
      });
    };
    const onKey = (event: KeyboardEvent) => event.key === 'Escape' && hide();
    document.addEventListener('pointerover', show);
    document.addEventListener('focusin', show);
    document.addEventListener('focusout', hide);
    document.addEventListener('keydown', onKey);
    document.addEventListener('scroll', hide, true);
    return () => {
      document.removeEventListener('pointerover', show);
      document.removeEventListener('focusin', show);
      document.removeEventListener('focusout', hide);
      document.removeEventListener('keydown', onKey);
      document.removeEventListener('scroll', hide, true);
    };
  }, []);

  // Placed by the style object's properties, which the policy allows; kept within the window's width.
  useEffect(() => {
    const element = box.current;
    if (!element || !shown) return;
    const half = element.offsetWidth / 2;
    const left = Math.min(Math.max(shown.left, half + GAP), window.innerWidth - half - GAP);
    element.style.left = `${left}px`;
    element.style.top = `${shown.top}px`;
  }, [shown]);

  return (
    <div
      ref={box}
      id={ID}
      role="tooltip"
      className={`cf-tip${shown ? ' cf-tip--shown' : ''}${shown?.below ? ' cf-tip--below' : ''}`}
    >
      {shown?.text}
    </div>
  );
}
