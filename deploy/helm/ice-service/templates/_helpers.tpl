{{/* Names and labels. A release named like the chart gets no double name. */}}
{{- define "ice-service.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "ice-service.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: server
{{- end -}}

{{- define "ice-service.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{ include "ice-service.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}

{{- define "ice-service.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "ice-service.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "ice-service.secretName" -}}
{{- default (include "ice-service.fullname" .) .Values.secret.existingSecret -}}
{{- end -}}

{{- define "ice-service.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* The configuration: that of the values, with the files of the Secret. */}}
{{- define "ice-service.config" -}}
{{- $config := deepCopy .Values.config -}}
{{- $directory := "/etc/ice-service/secret" -}}
{{- if hasKey (default dict $config.listen) "port" -}}
{{- fail "config.listen.port is always 8080 in the pods. Remove it; service.port is the port of the Service." -}}
{{- end -}}
{{- if and .Values.metrics.enabled (hasKey $config "admin") -}}
{{- fail "config.admin is set by the chart. Remove it, or set metrics.enabled: false." -}}
{{- end -}}
{{- if and .Values.secret.connectorTokensKey (hasKey (default dict $config.auth) "connectorTokensFile") -}}
{{- fail "config.auth.connectorTokensFile is set by the chart. Remove it; secret.connectorTokensKey names the file." -}}
{{- end -}}
{{- with $config.ice.turn -}}
{{- if and $.Values.secret.turnSecretKeys (hasKey . "secretFiles") -}}
{{- fail "config.ice.turn.secretFiles is set by the chart. Remove it; secret.turnSecretKeys names the files." -}}
{{- end -}}
{{- if not (or .urls .regions .managed) -}}
{{- fail "config.ice.turn has no TURN servers. Set config.ice.turn.urls, regions, or managed." -}}
{{- end -}}
{{- end -}}
{{- with .Values.secret.connectorTokensKey -}}
{{- $auth := merge (dict "connectorTokensFile" (printf "%s/%s" $directory .)) (default dict $config.auth) -}}
{{- $_ := set $config "auth" $auth -}}
{{- end -}}
{{- if and .Values.secret.turnSecretKeys (or $config.ice.turn.urls $config.ice.turn.regions) -}}
{{- $files := list -}}
{{- range .Values.secret.turnSecretKeys -}}
{{- $files = append $files (printf "%s/%s" $directory .) -}}
{{- end -}}
{{- $_ := set $config.ice.turn "secretFiles" $files -}}
{{- end -}}
{{- if .Values.metrics.enabled -}}
{{- $_ := set $config "admin" (dict "host" "0.0.0.0" "port" 9090) -}}
{{- end -}}
{{- $_ := set $config "listen" (merge (dict "port" 8080) (default dict $config.listen)) -}}
{{- toYaml $config -}}
{{- end -}}
