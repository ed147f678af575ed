//! An Indexed Job for Kubernetes, as JSON, which `kubectl` takes like YAML.

use std::path::Path;

use serde_json::{Value, json};

/// Tries of one index, beyond the first, for reasons that are its own.
const BACKOFF_PER_INDEX: u32 = 3;

/// Pods that work on one study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KubernetesJob {
    /// Name of the Job.
    pub name: String,
    /// The image; its entry point is `psp`.
    pub image: String,
    /// Name of the persistent volume claim that holds study and data, which all
    /// pods can write to.
    pub claim: String,
    /// Where the pods mount it.
    pub mount: String,
    /// Pods.
    pub tasks: u32,
    /// Arguments of `psp search` besides the study.
    pub arguments: Vec<String>,
}

impl KubernetesJob {
    /// The Job that works on the study at `study`, a path within the mount.
    ///
    /// A pod that fails for good (status 1 or 2) fails its index; one that was
    /// evicted does not count as a try; anything else does.
    pub fn manifest(&self, study: &Path) -> Value {
        let study = study.to_string_lossy();
        let mut arguments = vec![
            "search".to_owned(),
            "--study".to_owned(),
            study.into_owned(),
        ];
        arguments.extend(self.arguments.iter().cloned());
        json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": { "name": self.name },
            "spec": {
                "completionMode": "Indexed",
                "completions": self.tasks,
                "parallelism": self.tasks,
                "backoffLimitPerIndex": BACKOFF_PER_INDEX,
                "podFailurePolicy": { "rules": [
                    {
                        "action": "FailIndex",
                        "onExitCodes": {
                            "containerName": "psp",
                            "operator": "In",
                            "values": [1, 2],
                        },
                    },
                    {
                        "action": "Ignore",
                        "onPodConditions": [{ "type": "DisruptionTarget", "status": "True" }],
                    },
                ]},
                "template": { "spec": {
                    "restartPolicy": "Never",
                    // Time to save after the signal that ends a pod.
                    "terminationGracePeriodSeconds": 120,
                    "containers": [{
                        "name": "psp",
                        "image": self.image,
                        "args": arguments,
                        "volumeMounts": [{ "name": "study", "mountPath": self.mount }],
                    }],
                    "volumes": [{
                        "name": "study",
                        "persistentVolumeClaim": { "claimName": self.claim },
                    }],
                }},
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pod_works_on_the_same_study_and_only_its_own_failures_count() {
        let job = KubernetesJob {
            name: "cars".to_owned(),
            image: "registry.example/psp:1".to_owned(),
            claim: "shared".to_owned(),
            mount: "/shared".to_owned(),
            tasks: 8,
            arguments: vec!["--workers".to_owned(), "1".to_owned()],
        };
        let manifest = job.manifest(Path::new("/shared/experiments/cars"));
        let spec = &manifest["spec"];
        assert_eq!(spec["completions"], 8);
        assert_eq!(spec["completionMode"], "Indexed");
        assert_eq!(spec["backoffLimitPerIndex"], 3);
        let pod = &spec["template"]["spec"];
        // `backoffLimitPerIndex` and `podFailurePolicy` ask for it.
        assert_eq!(pod["restartPolicy"], "Never");
        assert_eq!(
            pod["containers"][0]["args"],
            json!([
                "search",
                "--study",
                "/shared/experiments/cars",
                "--workers",
                "1"
            ])
        );
        let names = [
            &spec["podFailurePolicy"]["rules"][0]["onExitCodes"]["containerName"],
            &pod["containers"][0]["name"],
        ];
        assert_eq!(names[0], names[1]);
        assert_eq!(
            pod["containers"][0]["volumeMounts"][0]["name"],
            pod["volumes"][0]["name"]
        );
    }
}
