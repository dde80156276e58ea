/** The element that has the focus, also within the shadow root of a page, outside of which it is not known. */
export const activeElementNear = (element: Element): Element | null =>
  (element.getRootNode() as Document | ShadowRoot).activeElement
