import { render } from 'preact'
import './styles/tokens.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/shell.css'
import { watchAlerts } from './state/alerts'
import { startRouter } from './state/router'
import { Shell } from './ui/shell'

startRouter()
watchAlerts()
render(<Shell />, document.getElementById('app')!)
