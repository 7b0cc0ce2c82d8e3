package main

import (
	v1 "k8s.io/api/core/v1"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/kubernetes/pkg/apis/core/v1/helper"
	"k8s.io/kubernetes/pkg/scheduler"
	"k8s.io/kubernetes/pkg/scheduler/framework"
)

// admitted says whether kubelet runs a pod that names its node, as pkg/kubelet/lifecycle/predicate.go has it: the checks
// of the scheduler but for taints that only keep pods from being scheduled, and taints that evict.
func admitted(pod *v1.Pod, info *framework.NodeInfo) bool {
	pod = pod.DeepCopy() // without extended resources that the node does not know, which kubelet does not mind
	for _, containers := range [][]v1.Container{pod.Spec.Containers, pod.Spec.InitContainers} {
		for _, container := range containers {
			for name := range container.Resources.Requests {
				if _, known := info.Allocatable.ScalarResources[name]; !known && helper.IsExtendedResourceName(name) {
					delete(container.Resources.Requests, name)
				}
			}
		}
	}
	if len(scheduler.AdmissionCheck(pod, info, false)) > 0 {
		return false
	}
	_, refused := corev1helpers.FindMatchingUntoleratedTaint(info.Node().Spec.Taints, pod.Spec.Tolerations,
		func(taint *v1.Taint) bool { return taint.Effect == v1.TaintEffectNoExecute })
	return !refused
}
