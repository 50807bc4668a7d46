import {
  Button,
  Form,
  FormGroup,
  Modal,
  ModalBody,
  ModalFooter,
  ModalHeader,
  TextInput,
} from '@patternfly/react-core';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';

const MOST_NAME = 60;

export function NameDialog({ onSave, onClose }: { onSave: (name: string) => void; onClose: () => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) onSave(name.trim());
  };
  return (
    <Modal isOpen variant="small" onClose={onClose} aria-labelledby="view-title" elementToFocus="#view-name">
      <ModalHeader title={t('views.saveTitle')} labelId="view-title" />
      <ModalBody>
        <Form id="view-form" onSubmit={submit}>
          <FormGroup label={t('views.name')} fieldId="view-name" isRequired>
            <TextInput
              id="view-name"
              isRequired
              value={name}
              maxLength={MOST_NAME}
              onChange={(_, text) => setName(text)}
            />
          </FormGroup>
        </Form>
      </ModalBody>
      <ModalFooter>
        <Button type="submit" form="view-form" isDisabled={!name.trim()}>
          {t('views.confirm')}
        </Button>
        <Button variant="link" onClick={onClose}>
          {t('common.cancel')}
        </Button>
      </ModalFooter>
    </Modal>
  );
}
