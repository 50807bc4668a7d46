import { Component, type ReactNode } from 'react';
import { PageFailure } from './failures';

interface Props {
  where: string; // another address is another chance
  children: ReactNode;
}

export class ErrorBoundary extends Component<Props, { failedAt: string | undefined }> {
  override state = { failedAt: undefined as string | undefined };

  static getDerivedStateFromError(): { failedAt: string } {
    return { failedAt: '' };
  }

  static getDerivedStateFromProps(props: Props, state: { failedAt: string | undefined }) {
    if (state.failedAt === '') return { failedAt: props.where };
    return state.failedAt !== undefined && state.failedAt !== props.where ? { failedAt: undefined } : null;
  }

  override render(): ReactNode {
    return this.state.failedAt === undefined ? this.props.children : <PageFailure />;
  }
}
