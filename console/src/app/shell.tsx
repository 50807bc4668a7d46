// The frame of every page: where one is, where one can go, who one is.
import {
  Masthead,
  MastheadBrand,
  MastheadContent,
  MastheadLogo,
  MastheadMain,
  MastheadToggle,
  Nav,
  NavGroup,
  NavItem,
  Page,
  PageSection,
  PageSidebar,
  PageSidebarBody,
  PageToggleButton,
  SkipToContent,
} from '@patternfly/react-core';
import BarsIcon from '@patternfly/react-icons/dist/esm/icons/bars-icon';
import { memo, useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import {
  Link,
  NavLink,
  Outlet,
  useLocation,
  useNavigate,
  useParams,
  type NavigateFunction,
} from 'react-router-dom';
import { useSignedIn } from '@/shared/auth/signed-in';
import { Logo } from '@/shared/ui/logo';
import { ErrorBoundary } from './error-boundary';
import { pagesFor } from './pages';
import { RealmSwitcher } from './realm-switcher';
import { UserMenu } from './user-menu';

const MAIN = 'main-content';

export function Shell() {
  const { t } = useTranslation();
  const { realm = '' } = useParams();
  const location = useLocation();
  const navigate = useNavigate();
  const first = useRef(true);

  // A new page is announced by moving the focus to it; the first one is read from its beginning anyway.
  const page = location.pathname.split('/').slice(0, 4).join('/');
  useEffect(() => {
    if (first.current) first.current = false;
    else document.getElementById(MAIN)?.focus({ preventScroll: true });
  }, [page]);

  return (
    <Page
      mainContainerId={MAIN}
      mainAriaLabel={t('shell.main')}
      isManagedSidebar
      skipToContent={<SkipToContent href={`#${MAIN}`}>{t('shell.skip')}</SkipToContent>}
      masthead={<TopBar realm={realm} page={page} navigate={navigate} />}
      sidebar={<SideBar realm={realm} />}
    >
      <PageSection hasBodyWrapper={false} className="cf-main" isFilled aria-label={t('shell.content')}>
        <ErrorBoundary where={location.pathname}>
          <Outlet />
        </ErrorBoundary>
      </PageSection>
    </Page>
  );
}

interface TopBarProps {
  realm: string;
  page: string;
  navigate: NavigateFunction;
}

// Of the address it is told the page alone: filters are no reason to draw its menus anew.
const TopBar = memo(function TopBar({ realm, page, navigate }: TopBarProps) {
  const { t } = useTranslation();
  return (
    <Masthead display={{ default: 'inline' }} className="cf-masthead">
      <MastheadMain>
        <MastheadToggle>
          <PageToggleButton variant="plain" aria-label={t('shell.navigation')} icon={<BarsIcon />} />
        </MastheadToggle>
        <MastheadBrand>
          <MastheadLogo component={(props) => <Link {...props} to="/" aria-label={t('shell.home')} />}>
            <Logo />
            <span className="cf-brand">Curfew</span>
          </MastheadLogo>
        </MastheadBrand>
      </MastheadMain>
      <MastheadContent>
        <RealmSwitcher realm={realm} page={page} navigate={navigate} />
        <span className="cf-masthead__end">
          <UserMenu navigate={navigate} />
        </span>
      </MastheadContent>
    </Masthead>
  );
});

function SideBar({ realm }: { realm: string }) {
  const { t } = useTranslation();
  const me = useSignedIn();
  const { pathname } = useLocation();
  const pages = pagesFor(me, realm);
  const base = `/r/${encodeURIComponent(realm)}`;
  return (
    <PageSidebar>
      <PageSidebarBody>
        <Nav aria-label={t('shell.navigation')}>
          {(['observability', 'identity', 'configuration'] as const).map((group) => {
            const items = pages.filter((page) => page.group === group);
            if (items.length === 0) return null;
            return (
              <NavGroup key={group} title={t(`shell.group.${group}`)}>
                {items.map((page) => {
                  const to = `${base}/${page.path}`;
                  return (
                    <NavItem key={page.path} isActive={pathname === to || pathname.startsWith(`${to}/`)}>
                      <NavLink to={to}>{t(`shell.page.${page.path}`)}</NavLink>
                    </NavItem>
                  );
                })}
              </NavGroup>
            );
          })}
        </Nav>
      </PageSidebarBody>
    </PageSidebar>
  );
}
